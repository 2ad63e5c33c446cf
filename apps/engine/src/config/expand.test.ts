/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the grammar under test is written like that */

import { describe, expect, it } from 'vitest';
import { expandEnvironment } from './expand.js';

const env = { PORT: '80', EMPTY: '', 'A B': 'spaced', DASH: '-' };
const expand = (text: string) => expandEnvironment(text, env, '9.9.9').text;

describe('environment variables in a configuration', () => {
  it.each([
    ['port: ${PORT}', 'port: 80'],
    ['port: ${PORT:3111}', 'port: 80'],
    ['port: ${NONE:3111}', 'port: 3111'],
    ['x: "${EMPTY:default}"', 'x: ""'],
    ['x: "${NONE:}"', 'x: ""'],
    ['x: ${NONE:a:b}', 'x: a:b'],
    ['x: ${NONE:-x}', 'x: -x'],
    ['x: ${NONE:a}b}', 'x: ab}'],
    ['x: ${A B}', 'x: spaced'],
    ['x: ${PORT}${PORT:1}', 'x: 8080'],
    ['v: ${NONE:__III_ENGINE_VERSION__}', 'v: 9.9.9'],
    ['${NONE:key}: 1', 'key: 1'],
    ['x: $PORT $(PORT) ${} ${:x}', 'x: $PORT $(PORT) ${} ${:x}'],
    ['x: 1 # ${NONE}', 'x: 1 # ${NONE}'],
    ['# ${NONE} ${PORT}', '# ${NONE} ${PORT}'],
    ['x: "# ${PORT}"', 'x: "# 80"'],
    ["x: '# ${PORT}' # ${NONE}", "x: '# 80' # ${NONE}"],
    ['x: "a\\"# ${PORT}"', 'x: "a\\"# 80"'],
    ["x: it's ${PORT} # ${NONE}", "x: it's 80 # ${NONE}"],
    ['url: http://h/#${PORT}', 'url: http://h/#80'],
  ])('%s reads %s', (text, expected) => {
    expect(expand(text)).toBe(expected);
  });

  it('that are missing are all told, with their place', () => {
    const { missing } = expandEnvironment('a: 1\nb: ${ONE}\n  c: "${PORT} ${TWO}"\n', env, '1');
    expect(missing).toEqual([
      { name: 'ONE', line: 2, column: 4 },
      { name: 'TWO', line: 3, column: 15 },
    ]);
  });
});
