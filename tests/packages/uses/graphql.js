// graphql runs queries against a schema, and says what is wrong with others.
import { buildSchema, graphql, parse, print, validate, GraphQLObjectType, GraphQLSchema, GraphQLString, GraphQLList } from "graphql";

const schema = buildSchema(`
  type Author { name: String! books(first: Int = 2): [Book!]! }
  type Book { title: String! author: Author! }
  type Query { author(name: String!): Author }
  type Mutation { rename(from: String!, to: String!): Author }
`);

const author = (name) => ({
  name,
  books: async ({ first }) => ["One", "Two", "Three"].slice(0, first).map((title) => ({ title, author: () => author(name) })),
});
const rootValue = { author: ({ name }) => author(name), rename: ({ to }) => author(to) };

export default async () => {
  const run = (source, variableValues) => graphql({ schema, rootValue, source, variableValues });
  const own = new GraphQLSchema({
    query: new GraphQLObjectType({
      name: "Query",
      fields: { names: { type: new GraphQLList(GraphQLString), resolve: () => Promise.resolve(["a", "b"]) } },
    }),
  });
  return {
    query: await run("query ($n: String!) { author(name: $n) { name books { title author { name } } } }", { n: "Ann" }),
    mutation: await run('mutation { rename(from: "a", to: "b") { name books(first: 1) { title } } }'),
    invalid: validate(schema, parse("{ author { nothing } }")).map((error) => error.message),
    printed: print(parse("{a(b:[1,2]){c...D}}fragment D on E{f}")),
    own: await graphql({ schema: own, source: "{ names }" }),
    introspected: (await run("{ __schema { types { name } } }")).data.__schema.types.length,
  };
};
