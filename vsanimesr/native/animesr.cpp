// core.animesr: registers the functions, hands their arguments to vsanimesr/plugin.py and its results back.
#include <string>

#include "VSConstants4.h"
#include "nodes.h"

const VSAPI *vsapi = nullptr;

namespace {

const char NO_PYTHON[] = "this process has no Python, which the filter needs; run it by vspipe or from Python";

// The API comes with every call, and is the same for all of a process.
void remember(const VSAPI *api) {
    static const bool once = (vsapi = api, true);
    (void)once;
}

// A value of one argument as a Python object; a number or text as such, anything else as False.
Ref value_of(const VSMap *in, const char *key, int index) {
    switch (vsapi->mapGetType(in, key)) {
    case ptInt: return PyLong_FromLongLong(vsapi->mapGetInt(in, key, index, nullptr));
    case ptFloat: return PyFloat_FromDouble(vsapi->mapGetFloat(in, key, index, nullptr));
    case ptData: return PyUnicode_FromString(vsapi->mapGetData(in, key, index, nullptr));
    default: return PyBool_FromLong(0);
    }
}

// One argument as a Python object, several values as a list.
Ref argument(const VSMap *in, const char *key) {
    const int count = vsapi->mapNumElements(in, key);
    if (count == 1) return value_of(in, key, 0);
    Ref list(PyList_New(count));
    for (int i = 0; list && i < count; i++) {
        Ref value = value_of(in, key, i);
        if (!value) return {};
        PyList_SetItem(list.get(), i, value.release());
    }
    return list;
}

Ref arguments_of(const VSMap *in) {
    Ref arguments(PyDict_New());
    for (int i = 0; arguments && i < vsapi->mapNumKeys(in); i++) {
        const char *key = vsapi->mapGetKey(in, i);
        if (std::string(key) == "clip" || vsapi->mapNumElements(in, key) < 1) continue;
        Ref value = argument(in, key);
        if (!value || PyDict_SetItemString(arguments.get(), key, value.get())) return {};
    }
    return arguments;
}

// What plugin.create() needs to know of the clip; an empty format name stands for one that varies.
Ref describe(const VSVideoInfo &info) {
    char format[32] = "";
    if (info.format.colorFamily != cfUndefined) vsapi->getVideoFormatName(&info.format, format);
    Ref clip(PyDict_New()), name(PyUnicode_FromString(format));
    Ref width(PyLong_FromLong(info.width)), height(PyLong_FromLong(info.height)), frames(PyLong_FromLong(info.numFrames));
    if (!clip || !name || !width || !height || !frames) return {};
    if (PyDict_SetItemString(clip.get(), "width", width.get()) ||
        PyDict_SetItemString(clip.get(), "height", height.get()) ||
        PyDict_SetItemString(clip.get(), "frames", frames.get()) ||
        PyDict_SetItemString(clip.get(), "format", name.get()))
        return {};
    return clip;
}

// Add to the description of the clip the properties of its first frame, if plugin.py wants to know them.
bool add_properties(const Ref &module, const Ref &clip, const Ref &arguments, VSNode *node) {
    Ref wanted = call(module.get(), "reads_first_frame", clip.get(), arguments.get());
    if (!wanted) return false;
    if (PyLong_AsLong(wanted.get()) == 0) return true;
    char error[512] = "";
    const VSFrame *frame = without_gil([&] { return vsapi->getFrame(0, node, error, sizeof error); });
    Ref properties = frame ? properties_of(frame) : Ref();
    vsapi->freeFrame(frame);
    if (frame) return properties && PyDict_SetItemString(clip.get(), "properties", properties.get()) == 0;
    Ref text(PyUnicode_FromString(error));
    call(module.get(), "refuse_first_frame", text.get()); // raises
    return false;
}

void log(PyObject *filter, const char *attribute, int type, VSCore *core) {
    Ref lines(PyObject_GetAttrString(filter, attribute));
    for (Py_ssize_t i = 0; lines && i < PyList_Size(lines.get()); i++)
        vsapi->logMessage(type, ("Upscale: " + text_of(PyList_GetItem(lines.get(), i))).c_str(), core);
}

int number(PyObject *object, const char *name) {
    Ref value(PyObject_GetAttrString(object, name));
    return value ? static_cast<int>(PyLong_AsLong(value.get())) : 0;
}

void VS_CC upscale(const VSMap *in, VSMap *out, void *, VSCore *core, const VSAPI *api) {
    remember(api);
    if (!python_runs()) return vsapi->mapSetError(out, (std::string("Upscale: ") + NO_PYTHON).c_str());
    VSNode *node = vsapi->mapGetNode(in, "clip", 0, nullptr);
    Picture output;
    output.info = *vsapi->getVideoInfo(node);
    Gil gil;
    Ref module = import_plugin_module(), clip = module ? describe(output.info) : Ref();
    Ref arguments = clip ? arguments_of(in) : Ref();
    const bool known = arguments && add_properties(module, clip, arguments, node);
    Ref filter = known ? call(module.get(), "create", clip.get(), arguments.get()) : Ref();
    Ref session(filter ? PyObject_GetAttrString(filter.get(), "session") : nullptr);
    Ref properties(session ? PyObject_GetAttrString(filter.get(), "properties") : nullptr);
    if (!properties) {
        vsapi->freeNode(node);
        return vsapi->mapSetError(out, take_error().c_str());
    }
    log(filter.get(), "messages", mtInformation, core);
    log(filter.get(), "warnings", mtWarning, core);
    output.info.width = number(filter.get(), "width");
    output.info.height = number(filter.get(), "height");
    vsapi->getVideoFormatByID(&output.info.format, static_cast<uint32_t>(number(filter.get(), "format")), core);
    output.properties = numbers_of(properties.get());
    create_nodes(node, output, number(filter.get(), "cache"), std::move(session), out, core);
}

void append(VSMap *out, const char *key, PyObject *value) {
    const std::string text = text_of(value);
    vsapi->mapSetData(out, key, text.c_str(), static_cast<int>(text.size()), dtUtf8, maAppend);
}

// Call a function of plugin.py that returns a dict of lists of str, and hand that out; `data` is the function's name.
void VS_CC tell(const VSMap *, VSMap *out, void *data, VSCore *, const VSAPI *api) {
    remember(api);
    if (!python_runs()) return vsapi->mapSetError(out, NO_PYTHON);
    Gil gil;
    Ref module = import_plugin_module();
    Ref table = module ? call(module.get(), static_cast<const char *>(data)) : Ref();
    if (!table) return vsapi->mapSetError(out, take_error().c_str());
    PyObject *key = nullptr, *values = nullptr; // borrowed
    Py_ssize_t position = 0;
    while (PyDict_Next(table.get(), &position, &key, &values))
        for (Py_ssize_t i = 0; i < PyList_Size(values); i++) append(out, text_of(key).c_str(), PyList_GetItem(values, i));
}

// What vsanimesr.upscale() takes too. `tiles`, which is a number, several or a text, and names that are none of ours come
// by "any": plugin.py answers the latter with an error that says what ours is called.
const char ARGUMENTS[] = "clip:vnode;model:data:opt;scale:int:opt;format:int:opt;dither:int:opt;matrix:data:opt;"
                         "range:data:opt;chromaloc:data:opt;scenes:int:opt;burn_in:int:opt;segment:int:opt;"
                         "warmup:int:opt;tilesize:int[]:opt;overlap:int[]:opt;backend:data:opt;precision:data:opt;"
                         "device:data:opt;device_id:int:opt;slots:int:opt;checkpoints:int:opt;engine_dir:data:opt;"
                         "build:int:opt;any";

} // namespace

VS_EXTERNAL_API(void) VapourSynthPluginInit2(VSPlugin *plugin, const VSPLUGINAPI *api) {
    api->configPlugin("io.github.vsanimesr.animesr", "animesr", "AnimeSR: recurrent upscaling of anime",
                      VS_MAKE_VERSION(ANIMESR_MAJOR, ANIMESR_MINOR), VAPOURSYNTH_API_VERSION, 0, plugin);
    api->registerFunction("Upscale", ARGUMENTS, "clip:vnode;", upscale, nullptr, plugin);
    static char version[] = "version", models[] = "model_table";
    api->registerFunction("Version", "", "any", tell, version, plugin);
    api->registerFunction("Models", "", "any", tell, models, plugin);
}
