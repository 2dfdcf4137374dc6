// The Hyperdrive binding: the parts of a connection string, or errors that say what is missing.
const { parse } = JSON;
const NAMES = ["connectionString", "host", "port", "user", "password", "database"];

export const make = (name, parts) => new Hyperdrive(name, parts === undefined || parts === null ? null : parse(parts));

class Hyperdrive {
  constructor(name, parts) {
    for (const key of NAMES) {
      const get = () => {
        if (parts !== null) return parts[key];
        throw new Error(
          `env.${name}: no local database is known: set \`localConnectionString\` in the configuration, ` +
            `or CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_${name}.`,
        );
      };
      Object.defineProperty(this, key, { get, enumerable: true });
    }
  }

  connect() {
    throw new Error("devflare has no Hyperdrive proxy: give `connectionString` to the database's driver.");
  }
}
