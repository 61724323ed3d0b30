/** What can be shown of robots besides their bodies, by keys that are MuJoCo's where they were free. */

export const PARTS = /** @type {const} */ ([
  { name: 'tendons', key: 'v', label: 'Tendons' },
  { name: 'sites', key: 'i', label: 'Sites' },
  { name: 'joints', key: 'j', label: 'Joint axes' },
  { name: 'mass', key: 'm', label: 'Centre of mass' },
  { name: 'contacts', key: 'k', label: 'Contacts' },
  { name: 'forces', key: 'n', label: 'Contact forces' },
  { name: 'trail', key: 'y', label: 'Trail' },
  { name: 'scenery', key: 'z', label: 'Sky, light and floor of your own robots' },
]);

/** A list of parts with one more, or without it. @param {string} list @param {string} name */
export function toggled(list, name) {
  const names = list.split(',').filter(Boolean);
  return (names.includes(name) ? names.filter((one) => one !== name) : [...names, name]).join(',');
}

/** @typedef {typeof PARTS[number]['name']} Part */
