// What the shim needs of Python: the GIL, owned references, error texts, and planes that Python reads as buffers.
#pragma once

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030C0000
#include <Python.h>

#include <string>
#include <utility>
#include <vector>

#include "VapourSynth4.h"

// Strong undefined symbols would keep a host without Python from loading this library at all, or kill it.
#if defined(__GNUC__)
#pragma weak PyBool_FromLong
#pragma weak PyDict_New
#pragma weak PyDict_Next
#pragma weak PyDict_SetItemString
#pragma weak PyErr_Clear
#pragma weak PyErr_GetRaisedException
#pragma weak PyErr_SetString
#pragma weak PyEval_RestoreThread
#pragma weak PyEval_SaveThread
#pragma weak PyFloat_FromDouble
#pragma weak PyGILState_Ensure
#pragma weak PyGILState_GetThisThreadState
#pragma weak PyGILState_Release
#pragma weak PyImport_ImportModule
#pragma weak PyList_GetItem
#pragma weak PyList_New
#pragma weak PyList_SetItem
#pragma weak PyList_Size
#pragma weak PyLong_AsLong
#pragma weak PyLong_FromLong
#pragma weak PyLong_FromLongLong
#pragma weak PyObject_Free
#pragma weak PyObject_GetAttrString
#pragma weak PyObject_Str
#pragma weak PyObject_Vectorcall
#pragma weak PyThreadState_Clear
#pragma weak PyThreadState_Delete
#pragma weak PyType_FromSpec
#pragma weak PyType_GenericAlloc
#pragma weak PyType_GetFlags
#pragma weak PyType_GetName
#pragma weak PyUnicode_AsUTF8AndSize
#pragma weak PyUnicode_FromString
#pragma weak Py_DecRef
#pragma weak Py_IncRef
#pragma weak Py_IsInitialized
#pragma weak _Py_DecRef
#pragma weak _Py_IncRef
#pragma weak _Py_Dealloc
#endif

extern const VSAPI *vsapi;

// Whether this process has a running Python; every other function here needs one.
bool python_runs();

// Give this thread a Python state that lasts as long as the thread: making one for each call costs more than the call.
void keep_thread_state();

// Holds the GIL while it lives.
class Gil {
  public:
    Gil() : state_((keep_thread_state(), PyGILState_Ensure())) {}
    ~Gil() { PyGILState_Release(state_); }
    Gil(const Gil &) = delete;
    Gil &operator=(const Gil &) = delete;

  private:
    PyGILState_STATE state_;
};

// Call `work` while other threads may have the GIL, which this one holds.
template <typename Work> auto without_gil(Work work) {
    PyThreadState *state = PyEval_SaveThread();
    auto result = work();
    PyEval_RestoreThread(state);
    return result;
}

// Owns one reference; made, moved and destroyed with the GIL held. Empty after a failed call, with the error set.
class Ref {
  public:
    Ref(PyObject *object = nullptr) : object_(object) {}
    Ref(Ref &&other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Ref &operator=(Ref &&other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Ref() {
        if (object_) Py_DecRef(object_);
    }
    explicit operator bool() const { return object_ != nullptr; }
    PyObject *get() const { return object_; }
    PyObject *release() { return std::exchange(object_, nullptr); }

  private:
    PyObject *object_;
};

// Call object.name(arguments...); the arguments are borrowed.
template <typename... Arguments> Ref call(PyObject *object, const char *name, Arguments... arguments) {
    Ref method(PyObject_GetAttrString(object, name));
    if (!method) return {};
    PyObject *list[] = {arguments..., nullptr};
    return PyObject_Vectorcall(method.get(), list, sizeof...(arguments), nullptr);
}

// The package's module that this shim talks to, imported on first use.
Ref import_plugin_module();

// Take the current Python error as "Upscale: text".
std::string take_error();

// str -> UTF-8; empty for what is no str.
std::string text_of(PyObject *object);

// The properties of a frame that plugin.py reads, those that it has, as a dict of int.
Ref properties_of(const VSFrame *frame);

// The items of a dict of str and int.
std::vector<std::pair<std::string, int>> numbers_of(PyObject *dict);

// One plane of a frame as a two-dimensional buffer of shape (height, width). It holds a reference of the frame, so
// the memory stays as long as somebody looks at it.
Ref make_plane(const VSFrame *frame, int plane, void *data, bool writable);

// How many buffers of the plane are still in use.
Py_ssize_t plane_exports(PyObject *plane);
