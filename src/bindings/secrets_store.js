// The binding of one secret of a secrets store.
export const make = (handle) => new SecretsStoreSecret(handle);

class SecretsStoreSecret {
  #handle;

  constructor(handle) {
    this.#handle = handle;
  }

  async get() {
    return this.#handle.get();
  }
}
