/**
 * Some browsers name a language that is none (WebKitGTK says "C" where the machine's locale is that), and
 * libraries that ask for its number format as they are loaded throw. To be imported before them.
 */
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en', configurable: true });
}
