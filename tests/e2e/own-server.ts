// Tests with a server of their own, which may end and may be slow.
import { expect, test as base } from './fixtures';
import { hearth, type Program } from './program';

export { expect };

/** By the kernels' reference a token takes long: no answer is at its end too early. */
export const SLOW = { HEARTH_CPU: 'scalar' };

export const test = base.extend<{ environment: Record<string, string>; mortal: Program }>({
  environment: [{}, { option: true }],
  mortal: async ({ environment }, use) => {
    const program = hearth();
    program.environment = environment;
    await program.start();
    await use(program);
    await program.dispose();
  },
});
