"""A browser in which what is written of runs takes for ever, as on a disk that is slow."""

#: From now on, until the page is left; resolves when such a write is under way.
SLOW_WRITES = """async () => new Promise((resolve) => {
  const { put } = IDBObjectStore.prototype;
  let leaving = false;
  addEventListener('pagehide', () => { leaving = true; }, true);
  IDBObjectStore.prototype.put = function (...what) {
    const request = put.apply(this, what);
    const write = this.transaction;
    if (leaving || write.db.name !== 'websim') return request;
    const again = () => { write.objectStore('runs').count().onsuccess = again; };
    again();
    resolve();
    return request;
  };
})"""
