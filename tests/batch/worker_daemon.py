"""Spark's daemon of Python workers, which looks for modules in no archive of Java classes.

Spark puts its largest one on the path of modules, and makes Python read the list of its 5,000 files for each share.
"""

import sys

if __name__ == "__main__":
    from pyspark.daemon import manager

    sys.path[:] = [place for place in sys.path if ".jar" not in place]
    for place in [place for place in sys.path_importer_cache if ".jar" in place]:
        del sys.path_importer_cache[place]
    manager()
