/** Documents have the colours that were chosen for the page. */

import { Theme } from '../theme.js';

new Theme();
