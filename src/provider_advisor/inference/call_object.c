/* The function that durable-rules 2.0.28 calls to run an action, and that Python 3.13 removed.

   It did what PyObject_CallObject still does: call with a tuple of arguments, or with none. Both are part of Python's
   own library, so this needs none of its headers and serves every version. engine.py loads it. */

typedef struct _object PyObject;

extern PyObject *PyObject_CallObject(PyObject *callable, PyObject *arguments);

PyObject *PyEval_CallObject(PyObject *callable, PyObject *arguments) {
    return PyObject_CallObject(callable, arguments);
}
