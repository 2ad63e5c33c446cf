import { describe, expect, it } from 'vitest';
import { Dismissal } from './dismissal.js';

describe('a dismissal', () => {
  it('tells every listener once, and keeps the first reason', () => {
    const dismissal = new Dismissal();
    const heard: string[] = [];
    dismissal.addEventListener('abort', () => heard.push(`a ${dismissal.reason}`));
    dismissal.addEventListener('abort', () => heard.push(`b ${dismissal.reason}`));
    expect([dismissal.aborted, dismissal.reason]).toEqual([false, undefined]);
    dismissal.dismiss('late');
    dismissal.dismiss('later');
    expect(heard).toEqual(['a late', 'b late']);
    expect([dismissal.aborted, dismissal.reason]).toEqual([true, 'late']);
  });

  it('tells nobody who has left, be it because of what another listener does', () => {
    const dismissal = new Dismissal();
    const heard: string[] = [];
    const left = () => heard.push('left');
    dismissal.addEventListener('abort', left);
    dismissal.removeEventListener('abort', left);
    const second = () => heard.push('second');
    dismissal.addEventListener('abort', () => dismissal.addEventListener('abort', second));
    dismissal.dismiss('');
    expect(heard).toEqual([]);
    expect(dismissal.aborted).toBe(true);
  });
});
