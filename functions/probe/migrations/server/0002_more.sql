INSERT INTO migrated (n, text) SELECT n + 1, 'c' FROM migrated;
