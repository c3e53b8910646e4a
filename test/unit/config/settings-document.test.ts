/** SETTINGS.md is what the tables say. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { settingsDocument } from '../../../src/config/settings-document.ts';

test('SETTINGS.md is current: node src/config/generate-docs.ts > src/config/SETTINGS.md', () => {
  const committed = readFileSync(new URL('../../../src/config/SETTINGS.md', import.meta.url), 'utf8');
  assert.ok(committed === settingsDocument(), 'SETTINGS.md differs from the tables');
});
