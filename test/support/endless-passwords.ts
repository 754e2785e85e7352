/** Loaded before a server (`--import`), as quick-passwords.ts: a password takes hours to hash. */
if (process.argv[1]?.endsWith('hasher-child.js') === true) {
  const { default: argon2 } = await import('argon2');
  const { hash } = argon2;
  Object.assign(argon2, {
    hash: (password: string, options: object) => hash(password, { ...options, timeCost: 2 ** 20 }),
  });
}

export {};
