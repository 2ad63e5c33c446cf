import { describe, expect, it } from 'vitest';
import { LiveScreen } from './live-screen.js';

const size = { columns: 20, rows: 3 };

describe('a live screen', () => {
  function setup() {
    const written: string[] = [];
    return { written, screen: new LiveScreen((text) => void written.push(text)) };
  }

  it('enters the alternate screen with its first frame and draws every frame in place', () => {
    const { written, screen } = setup();
    screen.draw(['a', 'b'], size);
    screen.draw(['c'], size);
    expect(written).toEqual([
      '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[H\u001b[2Ka\r\n\u001b[2Kb\r\n\u001b[J',
      '\u001b[H\u001b[2Kc\r\n\u001b[J',
    ]);
  });

  it('does not scroll when a frame fills it', () => {
    const { written, screen } = setup();
    screen.draw(['a', 'b', 'c'], size);
    expect(written.join('').match(/\r\n/g)).toHaveLength(2);
    expect(written[0]?.endsWith('c')).toBe(true);
  });

  it('brings back what was there, once, and nothing when it was never entered', () => {
    const { written, screen } = setup();
    screen.close();
    expect(written).toEqual([]);
    screen.draw([], size);
    written.length = 0;
    screen.close();
    screen.close();
    expect(written).toEqual(['\u001b[?7h\u001b[?25h\u001b[?1049l']);
  });
});
