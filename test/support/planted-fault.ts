/** Loaded before a server (`--import`): SIGUSR2 is an exception that nothing expects, in a callback of the event loop. */
process.on('SIGUSR2', () => {
  setImmediate(() => {
    throw new Error('a planted fault');
  });
});

export {};
