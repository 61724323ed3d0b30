import assert from 'node:assert/strict';
import { test } from 'node:test';

import { snippets } from '../../web/app/sharing/snippets.js';

test('a link is said in the words of each place', () => {
  const { Markdown, HTML, Python, Shell } = snippets('https://example.org/repo/#r=AQ-_', 'Hop [fast] "<b>"');
  assert.equal(Markdown, '[Hop \\[fast\\] "<b>"](https://example.org/repo/#r=AQ-_)');
  assert.match(HTML, /^<iframe src="https:\/\/example.org\/repo\/\?embed=1&amp;envs=64#r=AQ-_" width="640" height="400"/);
  assert.match(HTML, /title="Hop \[fast\] &quot;&lt;b>&quot;"/);
  assert.equal(Python, 'import websim\n\nrun = websim.load("https://example.org/repo/#r=AQ-_")');
  assert.equal(Shell, "websim verify 'https://example.org/repo/#r=AQ-_'");
});

test('a shared run is opened by the page in front of the store', () => {
  const { HTML, Shell } = snippets('https://example.org/r/4f0c5d2b9a61', "it's");
  assert.match(HTML, /src="https:\/\/example.org\/\?open=4f0c5d2b9a61&amp;embed=1&amp;envs=64"/);
  assert.equal(Shell, "websim verify 'https://example.org/r/4f0c5d2b9a61'");
});

test('no address ends what it stands in', () => {
  const { Python, Shell, Markdown } = snippets('https://example.org/\'a"b)c', 'x');
  assert.equal(Shell.split("'").length, 3);
  assert.equal(Python.split('"').length, 3);
  assert.equal(Markdown.split(')').length, 2);
});
