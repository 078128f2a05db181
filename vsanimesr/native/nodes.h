// The two nodes of the filter.
#pragma once

#include "bridge.h"

// Make the nodes for `node`, driven by the Python object `session`; both references go over. The outer node, of whose
// pictures VapourSynth keeps at most `cache`, is appended to `out` as "clip", or an error is set there.
void create_nodes(VSNode *node, const VSVideoInfo &output, int cache, Ref session, VSMap *out, VSCore *core);
