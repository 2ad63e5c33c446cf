import { describe, expect, it } from 'vitest';
import { parseExpression } from './expression.js';
import type { DayNumbering } from './fields.js';

const canonical = (text: string, numbering: DayNumbering = 'quartz') =>
  parseExpression(text, numbering).canonical;

describe('an expression', () => {
  it.each([
    ['* * * * * *', '* * * * * * *'],
    ['0 */5 * * * *', '0 0,5,10,15,20,25,30,35,40,45,50,55 * * * * *'],
    ['0 10/20 * * * *', '0 10,30,50 * * * * *'],
    ['0 0 0 ? * *', '0 0 0 * * * *'],
    ['0 0 0 * * ?', '0 0 0 * * * *'],
    ['0 0 0 */2 * *', `0 0 0 ${[1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31]} * * *`],
    ['0 0 0 * */2 *', '0 0 0 * 1,3,5,7,9,11 * *'],
    ['0 0 0 * * */2', '0 0 0 * * 1,3,5,7 *'],
    ['0 0 0 1 1 * 2100', '0 0 0 1 1 * 2100'],
    ['0 0 0 1 1 * 2098/1', '0 0 0 1 1 * 2098,2099,2100'],
    ['0 0,30 0,6,12,18 1,15 Jan-March Thurs', '0 0,30 0,6,12,18 1,15 1,2,3 5 *'],
    ['0 0 0 * * MON-FRI/2', '0 0 0 * * 2,4,6 *'],
    ['0 0 0 * JANUARY,dec sun,Tues,WEDNESDAY', '0 0 0 * 1,12 1,3,4 *'],
    ['5,5,1-6,3 0 0 * * *', '1,2,3,4,5,6 0 0 * * * *'],
    ['0 0 0 1-31/30 * *', '0 0 0 1,31 * * *'],
    ['  0  0\t0 * *  MON \n', '0 0 0 * * 2 *'],
    ['0 0 , 30 9 - 17 / 4 * * MON , FRI', '0 0,30 9,13,17 * * 2,6 *'],
    ['00 08 09 * * *', '0 8 9 * * * *'],
    ['@yearly', '0 0 0 1 1 * *'],
    ['@monthly', '0 0 0 1 * * *'],
    ['@weekly', '0 0 0 * * 1 *'],
    ['@daily', '0 0 0 * * * *'],
    [' @hourly ', '0 0 * * * * *'],
  ])('%j means %s', (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  it.each([
    ['60 * * * * *', 'second, column 1: the value is "60", and has to be a number from 0 to 59'],
    ['*/60 * * * * *', 'second, column 3: the step is "60", and has to be a number from 1 to 59'],
    ['*/0 * * * * *', 'second, column 3: the step is "0"'],
    ['5-1 * * * * *', 'second, column 1: "5-1" ends before it begins'],
    ['? 0 0 * * *', 'second, column 1: "?" is for day-of-month and day-of-week only'],
    ['0 0 0 1 ? *', 'month, column 9: "?" is for'],
    ['0 0 22-2 * * *', 'hour, column 5: "22-2" ends before it begins'],
    ['0 0 0 * * FRI-MON', 'day-of-week, column 11: "FRI-MON" ends before it begins'],
    ['0 0 0 * * MON/2', 'day-of-week, column 11: "MON/2": a step goes with a number, a range or "*"'],
    ['0 0 0 * * MON-5', 'day-of-week, column 11: "MON-5" has a number on one side and a name on the other'],
    ['0 0 0 * * 8', 'the value is "8", and has to be a number from 1 to 7 or a name such as SUN'],
    ['0 0 0 * * 0-3', 'the value is "0", and has to be a number from 1 to 7'],
    ['0 0 0 1 1 * 2101', 'year, column 13: the value is "2101", and has to be a number from 1970 to 2100'],
    ['0 0 0 1 1 * 1969', 'year, column 13'],
    ['0 0 0 0 * *', 'day-of-month, column 7'],
    ['0 0 0 L * *', 'day-of-month, column 7: "L" is of another dialect'],
    ['0 0 0 15W * *', '"15W" is of another dialect'],
    ['0 0 0 * * MON#2', '"MON#2" is of another dialect'],
    ['H 0 0 * * *', 'second, column 1: "H" is of another dialect'],
    ['0 0,,5 0 * * *', 'minute, column 5: a value is missing'],
    ['1.5 0 0 * * *', 'the value is "1.5"'],
    ['1-2-3 0 0 * * *', '"1-2-3" is no range'],
    ['1/2/3 0 0 * * *', '"1/2/3" has more than one step'],
    ['- 0 0 * * * *', 'second, column 1: a value is missing'],
    [
      '0 0 0 * Foo *',
      'month, column 9: the value is "Foo", and has to be a number from 1 to 12 or a name such as JAN',
    ],
    ['0 0 0 * * __proto__', 'the value is "__proto__"'],
    ['* * * *', 'it has 4 fields, and has to have 6, or 7 with the year'],
    ['* * * * * * * *', 'it has 8 fields'],
    ['@midnight', '"@midnight" is not known. Known are @yearly, @monthly, @weekly, @daily, @hourly'],
    ['@Daily', '"@Daily" is not known'],
    ['garbage', 'it has 1 fields'],
    ['0 0 0 * * *; drop', 'day-of-week, column 11: the value is "*;"'],
    [`0 ${'1,'.repeat(600)}1 0 * * *`, 'has 1211 characters, more than the 1024 there may be'],
  ])('%j is refused in one line: %s', (text, reason) => {
    let message = '';
    try {
      canonical(text);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(reason);
    expect(message).not.toContain('\n');
  });

  it('takes a long list of white space in no time', () => {
    const started = performance.now();
    expect(() => canonical(`${' '.repeat(1_000)}x`)).toThrow();
    expect(() => canonical(`0${' ,'.repeat(400)}`)).toThrow();
    expect(performance.now() - started).toBeLessThan(200);
  });
});

describe('a number in day-of-week', () => {
  it.each<[string, DayNumbering, string]>([
    ['0 0 0 * * 1', 'quartz', '1'],
    ['0 0 0 * * 7', 'quartz', '7'],
    ['0 0 0 * * 0', 'quartz', '1'],
    ['0 0 0 * * 0,7', 'quartz', '1,7'],
    ['0 0 0 * * 1-5', 'quartz', '1,2,3,4,5'],
    ['0 0 0 * * 1', 'unix', '2'],
    ['0 0 0 * * 0', 'unix', '1'],
    ['0 0 0 * * 7', 'unix', '1'],
    ['0 0 0 * * 1-5', 'unix', '2,3,4,5,6'],
    ['0 0 0 * * 5-7', 'unix', '1,6,7'],
    ['0 0 0 * * 0-7', 'unix', '*'],
    ['0 0 0 * * */2', 'unix', '1,3,5,7'],
    ['0 0 0 * * MON-FRI', 'unix', '2,3,4,5,6'],
  ])('%s as %s numbers it is %s', (text, numbering, expected) => {
    expect(canonical(text, numbering)).toBe(`0 0 0 * * ${expected} *`);
  });

  it('is told of, and names and stars are not', () => {
    const numbering = (text: string) => parseExpression(text, 'quartz').numbering;
    expect(numbering('0 0 0 * * 2')).toBe('quartz');
    expect(numbering('0 0 0 * * MON,3')).toBe('quartz');
    expect(numbering('0 9 * * 1')).toBe('unix');
    expect(['0 0 0 1 1 MON', '0 0 0 1 1 *', '0 0 0 1 1 */2', '@weekly'].map(numbering)).toEqual(
      new Array(4).fill(undefined),
    );
  });
});

describe('a line of five fields', () => {
  it.each([
    ['*/5 * * * *', '0 0,5,10,15,20,25,30,35,40,45,50,55 * * * * *'],
    ['0 9 * * 1-5', '0 0 9 * * 2,3,4,5,6 *'],
    ['0 9 * * 7', '0 0 9 * * 1 *'],
    ['0 9 * * MON', '0 0 9 * * 2 *'],
    ['0 9 1 * *', '0 0 9 1 * * *'],
  ])('%j is what crontab takes it for, whatever the numbering', (text, expected) => {
    expect([canonical(text, 'quartz'), canonical(text, 'unix')]).toEqual([expected, expected]);
  });

  it('does not say whether a day has to be one of two things or both', () => {
    expect(() => canonical('0 9 13 * FRI')).toThrow('cannot have both day-of-month and day-of-week');
    expect(canonical('0 0 9 13 * FRI')).toBe('0 0 9 13 * 6 *');
  });

  it('names fields and columns as they were written', () => {
    expect(() => canonical('0 25 * * *')).toThrow('hour, column 3: the value is "25"');
  });
});
