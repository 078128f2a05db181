// The two nodes of the filter.
#pragma once

#include "bridge.h"

// Make the nodes for `node`, driven by the Python object `session`; both references go over. The outer node is appended
// to `out` as "clip", or an error is set there.
void create_nodes(VSNode *node, const VSVideoInfo &output, Ref session, VSMap *out, VSCore *core);
