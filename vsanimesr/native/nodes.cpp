// Two nodes, so that the recurrence runs in order while pictures are copied in parallel:
//
//   Order (fmFrameState, no cache)  feeds source frames to the session and submits steps; its frames are 1x1 and mean
//                                   "picture n is on its way"
//   Copy  (fmParallel)              waits for the device and copies picture n into a real frame
//
// All policy is the session's (vsanimesr/session.py); here are only frames, references and the GIL.
#include "nodes.h"

#include <algorithm>
#include <memory>
#include <vector>

namespace {

struct Session {
    Ref object;
    ~Session() {
        if (!object) return;
        if (!python_runs()) {
            object.release(); // the interpreter has ended, and its objects with it
            return;
        }
        Gil gil;
        if (!call(object.get(), "close")) PyErr_Clear(); // nobody is left to tell
        object = Ref();
    }
};

struct Order {
    VSNode *source = nullptr;
    const VSFrame *submitted = nullptr; // what every request is answered with
    std::shared_ptr<Session> session;
    int first = 0, stop = 0; // source frames requested; one request at a time runs, so they need no lock
    ~Order() {
        vsapi->freeFrame(submitted);
        vsapi->freeNode(source);
    }
};

struct Copy {
    VSNode *source = nullptr, *order = nullptr;
    std::shared_ptr<Session> session;
    Picture output;
    ~Copy() {
        vsapi->freeNode(order);
        vsapi->freeNode(source);
    }
};

long attribute(PyObject *object, const char *name) {
    Ref value(PyObject_GetAttrString(object, name));
    return value ? PyLong_AsLong(value.get()) : -1;
}

// Read the range that submit() and feed() return; false, with the error set, if the call failed.
bool read_range(const Ref &range, Order &order) {
    if (!range) return false;
    order.first = static_cast<int>(attribute(range.get(), "start"));
    order.stop = static_cast<int>(attribute(range.get(), "stop"));
    return true;
}

Ref plane_list(const VSFrame *frame) {
    const int count = vsapi->getVideoFrameFormat(frame)->numPlanes;
    Ref planes(PyList_New(count));
    for (int p = 0; planes && p < count; p++) {
        Ref plane = make_plane(frame, p, const_cast<uint8_t *>(vsapi->getReadPtr(frame, p)), false);
        if (!plane) return {};
        PyList_SetItem(planes.get(), p, plane.release());
    }
    return planes;
}

bool submit(Order &order, int n) {
    Ref number(PyLong_FromLong(n));
    return number && read_range(call(order.session->object.get(), "submit", number.get()), order);
}

bool feed(Order &order, int n, const std::vector<const VSFrame *> &frames) {
    const auto count = static_cast<Py_ssize_t>(frames.size());
    Ref list(PyList_New(count)), tags(PyList_New(count));
    for (Py_ssize_t i = 0; list && tags && i < count; i++) {
        const VSFrame *frame = frames[static_cast<size_t>(i)];
        Ref planes = plane_list(frame), properties = properties_of(frame);
        if (!planes || !properties) return false;
        PyList_SetItem(list.get(), i, planes.release());
        PyList_SetItem(tags.get(), i, properties.release());
    }
    Ref number(PyLong_FromLong(n)), first(PyLong_FromLong(order.first));
    if (!list || !tags || !number || !first) return false;
    PyObject *session = order.session->object.get();
    return read_range(call(session, "feed", number.get(), first.get(), list.get(), tags.get()), order);
}

bool feed_requested(Order &order, int n, VSFrameContext *context, std::string &error) {
    const int first = order.first, stop = order.stop;
    std::vector<const VSFrame *> frames;
    for (int k = first; k < stop; k++) frames.push_back(vsapi->getFrameFilter(k, order.source, context));
    bool good;
    {
        Gil gil;
        good = feed(order, n, frames);
        if (!good) error = take_error();
    }
    for (int k = first; k < stop; k++) {
        vsapi->freeFrame(frames[static_cast<size_t>(k - first)]);
        vsapi->releaseFrameEarly(order.source, k, context); // else the request holds every frame it ever asked for
    }
    return good;
}

const VSFrame *VS_CC order_get(int n, int activation, void *instance, void **, VSFrameContext *context, VSCore *,
                               const VSAPI *) {
    Order &order = *static_cast<Order *>(instance);
    std::string error;
    bool good = true;
    if (activation == arInitial) {
        Gil gil;
        good = submit(order, n);
        if (!good) error = take_error();
    } else if (activation == arAllFramesReady) {
        good = feed_requested(order, n, context, error);
    } else {
        return nullptr; // a source frame failed: nothing was fed, and the source's error goes through
    }
    if (!good) {
        vsapi->setFilterError(error.c_str(), context);
        return nullptr;
    }
    if (order.first >= order.stop) return vsapi->addFrameRef(order.submitted);
    for (int k = order.first; k < order.stop; k++) vsapi->requestFrameFilter(k, order.source, context);
    return nullptr;
}

void VS_CC order_free(void *instance, VSCore *, const VSAPI *) { delete static_cast<Order *>(instance); }

// Let the ticket write into the planes of `target`; what it still holds of them afterwards would be written too late.
bool write_planes(PyObject *ticket, VSFrame *target) {
    const int count = vsapi->getVideoFrameFormat(target)->numPlanes;
    Ref planes(PyList_New(count));
    for (int p = 0; planes && p < count; p++) {
        Ref plane = make_plane(target, p, vsapi->getWritePtr(target, p), true);
        if (!plane) return false;
        PyList_SetItem(planes.get(), p, plane.release());
    }
    if (!planes || !call(ticket, "write", planes.get())) return false;
    for (int p = 0; p < count; p++)
        if (plane_exports(PyList_GetItem(planes.get(), p))) {
            Ref builtins(PyImport_ImportModule("builtins"));
            Ref type(builtins ? PyObject_GetAttrString(builtins.get(), "RuntimeError") : nullptr);
            if (type) PyErr_SetString(type.get(), "the picture's frame is still in use after it was written");
            return false;
        }
    return true;
}

void set_properties(const Copy &copy, VSFrame *target) {
    VSMap *map = vsapi->getFramePropertiesRW(target);
    for (const auto &[name, value] : copy.output.properties)
        if (value < 0)
            vsapi->mapDeleteKey(map, name.c_str());
        else
            vsapi->mapSetInt(map, name.c_str(), value, maReplace);
}

// Wait for the picture, then make its frame, so that those who wait for the device hold no picture's memory. Once is
// enough to take the GIL: waiting and copying give it up meanwhile.
const VSFrame *render(Copy &copy, int n, PyObject *ticket, VSFrameContext *context, VSCore *core) {
    if (call(ticket, "wait")) {
        const VSFrame *source = vsapi->getFrameFilter(n, copy.source, context);
        const VSVideoInfo &info = copy.output.info;
        VSFrame *target = vsapi->newVideoFrame(&info.format, info.width, info.height, source, core);
        vsapi->freeFrame(source);
        set_properties(copy, target);
        if (write_planes(ticket, target)) return target;
        vsapi->freeFrame(target);
    }
    vsapi->setFilterError(take_error().c_str(), context);
    return nullptr;
}

bool begin_copy(Copy &copy, int n, void **frame_data, VSFrameContext *context) {
    Gil gil;
    Ref number(PyLong_FromLong(n));
    Ref ticket = number ? call(copy.session->object.get(), "want", number.get()) : Ref();
    if (!ticket) {
        vsapi->setFilterError(take_error().c_str(), context);
        return false;
    }
    *frame_data = ticket.release();
    return true;
}

const VSFrame *VS_CC copy_get(int n, int activation, void *instance, void **frame_data, VSFrameContext *context,
                              VSCore *core, const VSAPI *) {
    Copy &copy = *static_cast<Copy *>(instance);
    if (activation == arInitial) {
        if (!begin_copy(copy, n, frame_data, context)) return nullptr;
        // The same source frames as the ordered node needs, so that what is upstream runs in parallel.
        for (int k = n; k <= std::min(n + 1, copy.output.info.numFrames - 1); k++)
            vsapi->requestFrameFilter(k, copy.source, context);
        vsapi->requestFrameFilter(n, copy.order, context);
        return nullptr;
    }
    Gil gil;
    Ref ticket(static_cast<PyObject *>(std::exchange(*frame_data, nullptr)));
    const VSFrame *result = nullptr;
    if (activation == arAllFramesReady) result = render(copy, n, ticket.get(), context, core);
    if (!call(ticket.get(), "release")) PyErr_Clear(); // also when a source frame failed
    return result;
}

void VS_CC copy_free(void *instance, VSCore *, const VSAPI *) { delete static_cast<Copy *>(instance); }

VSNode *create_order(VSNode *source, const std::shared_ptr<Session> &session, int frames, VSCore *core) {
    auto order = std::make_unique<Order>();
    order->source = source;
    order->session = session;
    VSVideoInfo info{};
    info.width = info.height = 1;
    info.numFrames = frames;
    vsapi->getVideoFormatByID(&info.format, pfGray8, core);
    order->submitted = vsapi->newVideoFrame(&info.format, 1, 1, nullptr, core);
    const VSFilterDependency dependencies[] = {{source, rpGeneral}};
    VSNode *node = vsapi->createVideoFilter2("UpscaleOrder", &info, order_get, order_free, fmFrameState, dependencies, 1,
                                             order.get(), core);
    if (node) order.release();
    if (node) vsapi->setCacheMode(node, cmForceDisable); // a cached answer would speak of a picture that may be gone
    return node;
}

} // namespace

void create_nodes(VSNode *node, const Picture &output, int cache, Ref object, VSMap *out, VSCore *core) {
    auto session = std::make_shared<Session>();
    session->object = std::move(object);
    auto copy = std::make_unique<Copy>();
    copy->source = node;
    copy->session = session;
    copy->output = output;
    copy->order = create_order(vsapi->addNodeRef(node), session, output.info.numFrames, core);
    VSNode *outer = nullptr;
    if (copy->order) {
        const VSFilterDependency dependencies[] = {{copy->order, rpStrictSpatial}, {node, rpGeneral}};
        outer = vsapi->createVideoFilter2("Upscale", &output.info, copy_get, copy_free, fmParallel, dependencies, 2,
                                          copy.get(), core);
    }
    if (!outer) return vsapi->mapSetError(out, "Upscale: VapourSynth refused to make the node");
    copy.release();
    vsapi->setCacheOptions(outer, 1, cache, cache); // by itself it would keep some twenty, of 59 MB each at 640x480
    vsapi->mapConsumeNode(out, "clip", outer, maAppend);
}
