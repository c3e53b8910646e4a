/** Prints SETTINGS.md: `node src/config/generate-docs.ts > src/config/SETTINGS.md`. */

import { settingsDocument } from './settings-document.ts';

process.stdout.write(settingsDocument());
