/**
 * Names of a model's objects, `''` for those without one. Read from MjModel itself: for an unnamed
 * object the WASM module's `mj_id2name` gives what happens to lie at address 0.
 *
 * @param {any} model MjModel
 * @param {'body'|'jnt'|'geom'|'hfield'|'site'|'tendon'|'actuator'|'sensor'|'key'|'mat'|'tex'} kind  as in MjModel's `name_…adr`
 * @returns {string[]}
 */
export function namesOf(model, kind) {
  const bytes = Uint8Array.from(model.names);
  const decoder = new TextDecoder();
  return Array.from(model[`name_${kind}adr`], (start) => (
    decoder.decode(bytes.subarray(start, bytes.indexOf(0, start)))
  ));
}
