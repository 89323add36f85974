import { describe, expect, test } from 'vitest';
import { told } from '../../demo/told.ts';

describe('a trouble is told', () => {
  test('as it is, where it is short', () => {
    expect(told({ message: 'cat.pdf is a PDF.', nextStep: 'Choose another file.' })).toEqual({
      what: 'cat.pdf is a PDF.',
      nextStep: 'Choose another file.',
      details: '',
    });
    expect(told({ message: 'Stop the training first.', nextStep: '' })).toEqual({
      what: 'Stop the training first.',
      nextStep: '',
      details: '',
    });
    expect(told({ message: '', nextStep: '' })).toEqual({ what: '', nextStep: '', details: '' });
  });

  test('by its first sentence, with the whole message in the details', () => {
    const message = 'The file has classes that the model does not know: 3, 4. It knows 0, 1, 2.';
    const it = told({ message, nextStep: 'Use other data.' });
    expect(it.what).toBe('The file has classes that the model does not know: 3, 4.');
    expect(it.details).toBe(message);
  });

  test('without a long reason, and without one on lines of its own', () => {
    const sum = 'a'.repeat(64);
    const message = `train-images-idx3-ubyte.gz is not the official one: its sha256 is ${sum}, not ${sum}.`;
    expect(told({ message, nextStep: '' })).toMatchObject({
      what: 'train-images-idx3-ubyte.gz is not the official one.',
      details: message,
    });
    const compiler = 'The shader dense.wgsl does not compile on this device:\nline 3: no such type';
    expect(told({ message: compiler, nextStep: 'Please report this.' })).toMatchObject({
      what: 'The shader dense.wgsl does not compile on this device.',
      nextStep: 'Please report this.',
      details: compiler,
    });
  });

  test('with as much of the next step as makes a short line, and at least its first sentence', () => {
    const short = 'Press "Restart". What was learned in 3 epochs is kept, and can be saved.';
    expect(told({ message: 'It broke.', nextStep: short })).toMatchObject({ nextStep: short, details: '' });
    const [first, second] = [`Use ${'one of these '.repeat(12)}or that.`, 'Updating the driver often helps.'];
    expect(told({ message: 'It broke.', nextStep: `${first} ${second}` })).toMatchObject({
      nextStep: first,
      details: second,
    });
  });

  test('with what a notice says behind its first sentence as the next step', () => {
    expect(told({ message: 'These are synthetic digits. Choose MNIST to try again.', nextStep: '' })).toEqual(
      {
        what: 'These are synthetic digits.',
        nextStep: 'Choose MNIST to try again.',
        details: '',
      },
    );
  });

  test("with the program's own words last", () => {
    const it = told({ message: 'It broke. Badly.', nextStep: 'Reload.', details: 'TypeError: x\n  at y' });
    expect(it.details).toBe('It broke. Badly.\n\nTypeError: x\n  at y');
  });

  test('not cut at names of files, versions or numbers', () => {
    const message = 'my.model v1.5 of run.2 has 0.5 of what Chrome 113.0 needs.';
    expect(told({ message, nextStep: '' })).toEqual({ what: message, nextStep: '', details: '' });
  });
});
