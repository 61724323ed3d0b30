/** What may come next in code for robots: of the model's names, what is asked of them, and numpy. */

/**
 * @typedef {import('../../sim/shared/messages.js').Vocabulary} Vocabulary
 * @typedef {{label: string, type: string, detail?: string, apply?: string}} Option
 */

const PARAMETERS = ['now', 'before', 'action'];

const KEYWORDS = ['return', 'for', 'if', 'elif', 'else', 'in', 'and', 'or', 'not', 'def', 'True', 'False', 'None'];

/** Within quotes after `body(` and its like. */
const NAME = /\b(\w+)\((["'])([^"'()]*)$/;

/** After a dot: `np.lin`, `now.body("torso").hei`, `now.qp`, `x.su`. */
const MEMBER = /(?:\b(np|numpy|now|before)|\b(?:now|before)\.(\w+)\([^()]*\)|(\w|\)|\]))\.([\w.]*)$/;

/** What the methods of a task are told: `data.qp`, `self.model.n`. */
const TOLD = /\b(data|self|model)\.(\w*)$/;

/** Within quotes that are still open. */
const QUOTED = /^(?:[^"']|"[^"]*"|'[^']*')*["'][^"']*$/;

const WORD = /\b[A-Za-z_]\w*$/;

/**
 * @param {string} before  the text up to the cursor, from the beginning of its line at least
 * @param {Vocabulary} words
 * @returns {{from: number, options: Option[]} | null}  from: where what is completed begins
 */
export function completionsAt(before, words) {
  const name = NAME.exec(before);
  if (name) {
    const [, kind, , begun] = name;
    const names = words.names[kind];
    return names ? { from: before.length - begun.length, options: names.map((label) => ({ label, type: 'text', detail: kind })) } : null;
  }
  if (QUOTED.test(before)) return null;
  const told = TOLD.exec(before);
  if (told) return { from: before.length - told[2].length, options: attributesOf(told[1], words) };
  const member = MEMBER.exec(before);
  if (member) {
    const [, base, kind, , begun] = member;
    return { from: before.length - begun.length, options: membersOf(base, kind, words) };
  }
  const word = WORD.exec(before);
  if (!word) return null;
  const options = [
    ...PARAMETERS.map((label) => ({ label, type: 'variable' })),
    { label: 'np', type: 'namespace' },
    ...words.builtins.map((label) => ({ label, type: 'function' })),
    ...KEYWORDS.map((label) => ({ label, type: 'keyword' })),
  ];
  return { from: before.length - word[0].length, options };
}

/** @param {string} of @param {Vocabulary} words @returns {Option[]} */
function attributesOf(of, words) {
  return Object.entries(words.attributes[of] ?? {}).map(([label, detail]) => ({ label, type: 'property', detail }));
}

/** @param {string | undefined} base @param {string | undefined} kind @param {Vocabulary} words @returns {Option[]} */
function membersOf(base, kind, words) {
  if (base === 'np' || base === 'numpy') return words.numpy.map((label) => ({ label, type: 'function' }));
  const attributes = (/** @type {string} */ of) => attributesOf(of, words);
  if (base) {
    const asked = Object.keys(words.names).map((label) => ({ label, type: 'method', apply: `${label}("` }));
    return [...asked, ...attributes('now')];
  }
  return kind && words.attributes[kind] ? attributes(kind) : words.array.map((label) => ({ label, type: 'property' }));
}
