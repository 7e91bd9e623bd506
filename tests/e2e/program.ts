// The servers under test: the real program, and the scripted one for what no real model does on demand.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const here = (path: string) => join(__dirname, path);
const START_MS = 60_000;

/** A server on a port of its own, which it writes into a file once it is ready. */
export class Program {
  port = 0;
  /** Of the next start. */
  environment: Record<string, string> = {};
  #child: ChildProcess | undefined;
  #log = '';
  readonly #folder = mkdtempSync(join(tmpdir(), 'hearth-e2e-'));

  constructor(readonly command: string[]) {}

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it, the second time on the port of the first, so that an open page finds it again. */
  async start() {
    const portFile = join(this.#folder, 'port');
    rmSync(portFile, { force: true });
    const [program, ...rest] = [...this.command, '--port', `${this.port}`, '--port-file', portFile];
    // Like a fresh machine: no settings and no models but those that come with the program.
    const own = Object.entries(process.env).filter(([name]) => !/^(HEARTH|HF)_/.test(name));
    const env = {
      ...Object.fromEntries(own),
      HEARTH_HOME: this.#folder,
      HF_HUB_CACHE: this.#folder,
      ...this.environment,
    };
    const child = spawn(program!, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (text) => (this.#log += text));
    child.stderr.on('data', (text) => (this.#log += text));
    child.on('error', (error) => (this.#log += error.message));
    this.#child = child;
    this.port = await this.#portFrom(portFile);
  }

  async #portFrom(file: string): Promise<number> {
    const deadline = Date.now() + START_MS;
    while (Date.now() < deadline) {
      const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
      if (/^\d+\s*$/.test(text)) return Number(text);
      if (this.#child?.exitCode !== null || !this.#child.pid) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${this.command.join(' ')} did not start:\n${this.#log}`);
  }

  /** Ends it at once, as a power cut would. */
  async kill() {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** Ends it and removes its folder. */
  async dispose() {
    const child = this.#child;
    child?.kill('SIGTERM');
    const late = setTimeout(() => child?.kill('SIGKILL'), 5000);
    if (child && child.exitCode === null && child.signalCode === null) {
      await new Promise((resolve) => child.once('exit', resolve));
    }
    clearTimeout(late);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** `hearth serve` with its demo model; HEARTH_BIN names another binary than the release build's. */
export const hearth = () =>
  new Program([process.env.HEARTH_BIN ?? here('../../build/release/bin/hearth'), 'serve']);

/** The scripted server; scripts.mjs lists what it can play. */
export const scripted = () => new Program([process.execPath, here('fake-server.mjs')]);
