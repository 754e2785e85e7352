/**
 * Loaded before a server (`--import`), and so before the child process that hashes its passwords: argon2id with next to
 * no memory. A real hash takes a fifth of a second of an idle machine, and seconds of a busy one.
 */
if (process.argv[1]?.endsWith('hasher-child.js') === true) {
  const { default: argon2 } = await import('argon2');
  const { hash } = argon2;
  Object.assign(argon2, {
    hash: (password: string, options: object) =>
      hash(password, { ...options, memoryCost: 64, timeCost: 2, parallelism: 1 }),
    needsRehash: () => false,
  });
}

export {};
