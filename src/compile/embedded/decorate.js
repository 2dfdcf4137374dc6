// TypeScript's decorators of before the standard: applies them to a class (two arguments) or a member.
export default function decorate(decorators, target, key, descriptor) {
  const ofClass = arguments.length < 3;
  let result = ofClass ? target : descriptor === null ? Object.getOwnPropertyDescriptor(target, key) : descriptor;
  for (const decorator of [...decorators].reverse()) {
    if (decorator) result = (ofClass ? decorator(result) : decorator(target, key, result)) || result;
  }
  if (!ofClass && result) Object.defineProperty(target, key, result);
  return result;
}
