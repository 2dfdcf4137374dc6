// mustache fills templates.
import Mustache from "mustache";

export default () => ({
  page: Mustache.render(
    "{{#people}}<li>{{name}}{{#admin}}*{{/admin}}{{^admin}}.{{/admin}}</li>{{/people}}{{{raw}}}{{>footer}}",
    { people: [{ name: "<ann>", admin: true }, { name: "bob" }], raw: "<hr>", year: 2026 },
    { footer: "<i>{{year}}</i>" },
  ),
  lambda: Mustache.render("{{#loud}}hi {{name}}{{/loud}}", {
    name: "ann",
    loud: () => (text, render) => render(text).toUpperCase(),
  }),
  delimiters: Mustache.render("{{=<% %>=}}<% a %>{{a}}", { a: 1 }),
  error: (() => {
    try {
      Mustache.parse("{{#a}}");
    } catch (error) {
      return error.message;
    }
  })(),
});
