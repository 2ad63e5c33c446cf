import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type ScreenListener, screenOf } from './screen.js';

class Input extends EventEmitter {
  readonly modes: boolean[] = [];
  state: 'paused' | 'flowing' = 'paused';

  constructor(readonly isTTY: boolean) {
    super();
  }

  setRawMode(mode: boolean): void {
    this.modes.push(mode);
  }

  resume(): void {
    this.state = 'flowing';
  }

  pause(): void {
    this.state = 'paused';
  }
}

class Output extends EventEmitter {
  columns = 100;
  rows = 30;
}

function setup(isTTY = true) {
  const [stdin, stdout, signals] = [new Input(isTTY), new Output(), new EventEmitter()];
  const heard: string[] = [];
  const listener: ScreenListener = {
    keys: (text) => void heard.push(`keys ${text}`),
    resized: () => void heard.push('resized'),
    ended: () => void heard.push('ended'),
  };
  const listeners = () =>
    [stdin, stdout, signals].flatMap((emitter) => emitter.eventNames().map((name) => String(name)));
  return { stdin, stdout, signals, listener, heard, listeners, screen: screenOf({ stdin, stdout, signals }) };
}

describe('a screen', () => {
  it('has the size of the terminal now, and a usual one where there is none', () => {
    const { screen, stdout } = setup();
    expect(screen.size()).toEqual({ columns: 100, rows: 30 });
    stdout.columns = 0;
    stdout.rows = 0;
    expect(screen.size()).toEqual({ columns: 80, rows: 24 });
  });

  it('passes on keys one by one, and gives the terminal back as it was', () => {
    const { screen, listener, stdin, heard, listeners } = setup();
    const leave = screen.attend(listener, true);
    expect([stdin.modes, stdin.state]).toEqual([[true], 'flowing']);
    stdin.emit('data', Buffer.from('q'));
    expect(heard).toEqual(['keys q']);
    leave();
    expect([stdin.modes, stdin.state]).toEqual([[true, false], 'paused']);
    expect(listeners()).toEqual([]);
  });

  it.each([
    ['stdin is no terminal', false, true],
    ['no keys are wanted', true, false],
  ])('leaves stdin alone when %s', (_, isTTY, wantsKeys) => {
    const { screen, listener, stdin, listeners } = setup(isTTY);
    const leave = screen.attend(listener, wantsKeys);
    expect([stdin.modes, stdin.state, stdin.eventNames()]).toEqual([[], 'paused', []]);
    leave();
    expect([stdin.modes, listeners()]).toEqual([[], []]);
  });

  it('tells of a new size', () => {
    const { screen, listener, stdout, heard } = setup();
    screen.attend(listener, true);
    stdout.emit('resize');
    expect(heard).toEqual(['resized']);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('ends with %s', (signal) => {
    const { screen, listener, signals, heard } = setup();
    screen.attend(listener, false);
    signals.emit(signal);
    expect(heard).toEqual(['ended']);
  });

  it('ends when nobody reads any more, and with no other error', () => {
    const { screen, listener, stdout, heard } = setup();
    screen.attend(listener, false);
    stdout.emit('error', Object.assign(new Error('no space'), { code: 'ENOSPC' }));
    expect(heard).toEqual([]);
    stdout.emit('error', Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
    expect(heard).toEqual(['ended']);
  });
});
