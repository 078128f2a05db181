// The two nodes of the filter.
#pragma once

#include "bridge.h"

// What the filter's frames are.
struct Picture {
    VSVideoInfo info{};
    std::vector<std::pair<std::string, int>> properties; // to set; those of -1 to delete
};

// Make the nodes for `node`, driven by the Python object `session`; both references go over. The outer node, of whose
// pictures VapourSynth keeps at most `cache`, is appended to `out` as "clip", or an error is set there.
void create_nodes(VSNode *node, const Picture &output, int cache, Ref session, VSMap *out, VSCore *core);
