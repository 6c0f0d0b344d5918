-- What hotmod wrote in form 1 of the journal: three generations of one module, the second one pinned.
CREATE TABLE transactions (
    id INTEGER PRIMARY KEY,
    session TEXT NOT NULL,
    name TEXT NOT NULL,
    time INTEGER NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('intent', 'decided', 'outcome')),
    interrupted INTEGER NOT NULL DEFAULT 0
  ) STRICT;
CREATE INDEX unfinished ON transactions (id) WHERE phase <> 'outcome' AND interrupted = 0;
CREATE TABLE generations (
    id INTEGER PRIMARY KEY,
    owner INTEGER REFERENCES transactions (id),
    time INTEGER NOT NULL,
    module TEXT NOT NULL,
    generation INTEGER NOT NULL,
    previous INTEGER NOT NULL,
    restores INTEGER NOT NULL DEFAULT 0,
    base INTEGER NOT NULL DEFAULT 0,
    hash TEXT NOT NULL DEFAULT '',
    entry TEXT NOT NULL DEFAULT '{}',
    version TEXT NOT NULL DEFAULT '',
    outcome TEXT,
    level TEXT,
    reasons TEXT NOT NULL DEFAULT '[]',
    timings TEXT NOT NULL DEFAULT '{}',
    state TEXT,
    files TEXT NOT NULL DEFAULT '[]',
    retained INTEGER NOT NULL DEFAULT 0
  ) STRICT;
CREATE INDEX of_module ON generations (module, generation);
CREATE INDEX of_owner ON generations (owner);
CREATE INDEX retained ON generations (module, id) WHERE retained = 1;
CREATE TABLE inputs (generation INTEGER PRIMARY KEY REFERENCES generations (id), hashes TEXT NOT NULL) STRICT;
CREATE TABLE texts (hash TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE pins (module TEXT PRIMARY KEY, generation INTEGER NOT NULL, time INTEGER NOT NULL) STRICT;
INSERT INTO transactions VALUES (1, 'an earlier session', 't1', 1767225601000, 'outcome', 0);
INSERT INTO transactions VALUES (2, 'an earlier session', 't2', 1767225603000, 'outcome', 0);
INSERT INTO transactions VALUES (3, 'an earlier session', 't3', 1767225605000, 'outcome', 0);
INSERT INTO generations VALUES (1, 1, 1767225602000, 'm', 1, 0, 0, 0, 'library of 1', '{"getInterface":["get_module_interface"],"init":["m_init","module_init"],"update":["m_update","module_update"],"shutdown":["m_shutdown","module_shutdown","module_cleanup"],"saveState":["m_save_state","module_save_state"],"loadState":["m_load_state","module_load_state"],"view":["module_view","m_view"]}', '1.0.0', 'loaded', 'SAFE', '[{"code":"HM400","message":"code only"}]', '{"build":61,"pause":0.4,"total":90}', '{"bytes":8,"kept":1,"converted":0,"reset":0,"dropped":0}', '[]', 1);
INSERT INTO generations VALUES (2, 2, 1767225604000, 'm', 2, 1, 0, 1, 'library of 2', '{"getInterface":["get_module_interface"],"init":["m_init","module_init"],"update":["m_update","module_update"],"shutdown":["m_shutdown","module_shutdown","module_cleanup"],"saveState":["m_save_state","module_save_state"],"loadState":["m_load_state","module_load_state"],"view":["module_view","m_view"]}', '1.0.0', 'reloaded', 'SAFE', '[{"code":"HM400","message":"code only"}]', '{"build":61,"pause":0.4,"total":90}', '{"bytes":8,"kept":1,"converted":0,"reset":0,"dropped":0}', '["modules/m/m.c"]', 1);
INSERT INTO generations VALUES (3, 3, 1767225606000, 'm', 3, 2, 0, 2, 'library of 3', '{"getInterface":["get_module_interface"],"init":["m_init","module_init"],"update":["m_update","module_update"],"shutdown":["m_shutdown","module_shutdown","module_cleanup"],"saveState":["m_save_state","module_save_state"],"loadState":["m_load_state","module_load_state"],"view":["module_view","m_view"]}', '1.0.0', 'reloaded', 'SAFE', '[{"code":"HM400","message":"code only"}]', '{"build":61,"pause":0.4,"total":90}', '{"bytes":8,"kept":1,"converted":0,"reset":0,"dropped":0}', '["modules/m/gone.c","modules/m/m.c"]', 1);
INSERT INTO inputs VALUES (1, '{"modules/m/a.h":"hash of a","modules/m/gone.c":"hash of gone","modules/m/m.c":"hash of 1"}');
INSERT INTO inputs VALUES (2, '{"modules/m/a.h":"hash of a","modules/m/gone.c":"hash of gone","modules/m/m.c":"hash of 2"}');
INSERT INTO inputs VALUES (3, '{"modules/m/a.h":"hash of a","modules/m/m.c":"hash of 3"}');
INSERT INTO texts VALUES ('hash of 1', 'text of hash of 1');
INSERT INTO texts VALUES ('hash of 2', 'text of hash of 2');
INSERT INTO texts VALUES ('hash of 3', 'text of hash of 3');
INSERT INTO texts VALUES ('hash of a', 'text of hash of a');
INSERT INTO texts VALUES ('hash of gone', 'text of hash of gone');
INSERT INTO pins VALUES ('m', 2, 1767225607000);
PRAGMA application_id = 0x484d4a31;
PRAGMA user_version = 1;
