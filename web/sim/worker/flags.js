/**
 * Booleans of a model. The module cannot give arrays of them; of one object it can give one.
 *
 * @param {any} model MjModel
 * @param {'mat' | 'light' | 'jnt' | 'tendon' | 'actuator'} kind
 * @param {number} i  id of the object
 * @param {string} field
 */
export function flagOf(model, kind, i, field) {
  const accessor = model[kind](i);
  try {
    return Boolean(accessor[field]);
  } finally {
    accessor.delete();
  }
}

/**
 * The booleans of all objects of a kind.
 *
 * @param {any} model MjModel
 * @param {'jnt' | 'tendon' | 'actuator'} kind
 * @param {number} count
 * @param {string} field
 */
export function flagsOf(model, kind, count, field) {
  return Array.from({ length: count }, (_, i) => flagOf(model, kind, i, field));
}
