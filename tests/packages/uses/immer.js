// immer makes the next state from edits of a draft.
import { produce, produceWithPatches, applyPatches, enablePatches, enableMapSet, freeze, current } from "immer";

enablePatches();
enableMapSet();

export default () => {
  const base = { todos: [{ title: "a", done: false }, { title: "b", done: true }], seen: new Map([["x", new Set([1])]]) };
  const next = produce(base, (draft) => {
    draft.todos[0].done = true;
    draft.todos.push({ title: "c", done: current(draft.todos[1]).done });
    draft.seen.get("x").add(2);
  });
  const [patched, patches, inverse] = produceWithPatches(base, (draft) => {
    draft.todos.splice(0, 1);
  });
  return {
    base: base.todos.length,
    next: next.todos,
    seen: [...next.seen.get("x")],
    shared: next.todos[1] === base.todos[1],
    frozen: Object.isFrozen(next.todos),
    patches,
    back: applyPatches(patched, inverse).todos,
    deep: Object.isFrozen(freeze({ a: { b: 1 } }, true).a),
  };
};
