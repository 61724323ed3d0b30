/** An editor for a file of Python, by CodeMirror. */

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { python } from '@codemirror/lang-python';
import { HighlightStyle, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, lintKeymap, linter, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { completionsAt } from './completions.js';

/**
 * @typedef {import('../../sim/shared/messages.js').CodeProblem} CodeProblem
 * @typedef {import('./completions.js').Vocabulary} Vocabulary
 */

/** What is typed is checked when nothing has been typed for so long, in milliseconds. */
const CHECK_DELAY = 400;

const LOOK = EditorView.theme({
  '&': { color: 'var(--text)', backgroundColor: 'var(--input)', height: '100%', fontSize: '13px' },
  '.cm-scroller': { fontFamily: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace', lineHeight: '1.5' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': { color: 'var(--subtle)', backgroundColor: 'var(--input)', border: 'none' },
  '.cm-activeLine': { backgroundColor: 'var(--accent-faint)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--line)' },
  '.cm-matchingBracket': { outline: '1px solid var(--accent)', backgroundColor: 'transparent !important' },
  '.cm-tooltip, .cm-panels': { color: 'var(--text)', backgroundColor: 'var(--card)', border: '1px solid var(--line)' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': { color: 'var(--on-accent)', backgroundColor: 'var(--accent)' },
  '.cm-diagnostic': { maxWidth: '60ch', whiteSpace: 'pre-wrap' },
  '.cm-panels input, .cm-panels button': { minHeight: '28px', backgroundImage: 'none' },
});

const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword], color: 'var(--code-word)' },
  { tag: [tags.string], color: 'var(--code-text)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--code-number)' },
  { tag: [tags.comment], color: 'var(--subtle)', fontStyle: 'italic' },
  { tag: [tags.function(tags.definition(tags.variableName)), tags.function(tags.variableName)], color: 'var(--code-call)' },
  { tag: [tags.propertyName], color: 'var(--code-field)' },
]);

export class Editor {
  /**
   * @param {object} options
   * @param {string} options.label  for those who cannot see it
   * @param {() => void} options.apply  Mod-Enter was pressed
   * @param {() => void} options.changed  by typing
   * @param {(source: string) => Promise<CodeProblem[]>} options.check
   * @param {() => Vocabulary | null} options.words
   */
  constructor({ label, apply, changed, check, words }) {
    const complete = (/** @type {import('@codemirror/autocomplete').CompletionContext} */ { state, pos }) => {
      const vocabulary = words();
      if (!vocabulary) return null;
      const { from, text } = state.doc.lineAt(pos);
      const found = completionsAt(text.slice(0, pos - from), vocabulary);
      return found && { from: from + found.from, options: found.options, validFor: /^\w*$/ };
    };
    this.view = new EditorView({
      extensions: [
        lineNumbers(), history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(), highlightActiveLine(),
        highlightSelectionMatches(), autocompletion({ override: [complete] }), search({ top: true }), python(), indentUnit.of('    '),
        linter(async ({ state }) => {
          const source = state.doc.toString();
          return diagnosticsOf(state, await check(source).catch(() => []));
        }, { delay: CHECK_DELAY }),
        lintGutter(),
        keymap.of([
          { key: 'Mod-Enter', run: () => (apply(), true) },
          ...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap, indentWithTab,
        ]),
        syntaxHighlighting(COLOURS), LOOK,
        EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
        EditorView.updateListener.of(({ docChanged }) => docChanged && changed()),
      ],
    });
    this.element = this.view.dom;
  }

  get text() {
    return this.view.state.doc.toString();
  }

  set text(text) {
    const { doc } = this.view.state;
    if (doc.toString() !== text) this.view.dispatch({ changes: { from: 0, to: doc.length, insert: text } });
  }

  /** Shows what went wrong when it was applied, until something is typed. @param {CodeProblem} problem */
  mark(problem) {
    const { state } = this.view;
    this.view.dispatch(setDiagnostics(state, diagnosticsOf(state, [problem])));
  }

  focus() {
    this.view.focus();
  }
}

/**
 * Problems under their lines, with what is allowed.
 *
 * @param {import('@codemirror/state').EditorState} state @param {CodeProblem[]} problems
 * @returns {import('@codemirror/lint').Diagnostic[]}
 */
function diagnosticsOf({ doc }, problems) {
  return problems.map(({ line, column, refused, allowed }) => {
    const { from, to, text } = doc.line(Math.min(line, doc.lines));
    const start = Math.min(from + column - 1, to);
    const word = /^\w+/.exec(text.slice(start - from))?.[0].length ?? 1;
    return {
      from: start, to: Math.min(to, start + word), severity: 'error',
      message: allowed ? `${refused}. ${allowed}` : refused,
    };
  });
}
