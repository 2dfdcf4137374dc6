// nanoid makes random names.
import { nanoid, customAlphabet, urlAlphabet } from "nanoid";
import { nanoid as insecure } from "nanoid/non-secure";

export default () => {
  const many = new Set(Array.from({ length: 1000 }, () => nanoid()));
  return {
    many: many.size,
    lengths: [nanoid().length, nanoid(10).length, insecure(5).length],
    letters: [...many].every((one) => [...one].every((letter) => urlAlphabet.includes(letter))),
    custom: /^[abc]{12}$/.test(customAlphabet("abc", 12)()),
  };
};
