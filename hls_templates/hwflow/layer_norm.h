// LayerNorm or RMSNorm over the channels of each token, with a reciprocal-square-root table; see row.h.
#ifndef HWFLOW_LAYER_NORM_H_
#define HWFLOW_LAYER_NORM_H_

#include "row.h"

namespace hwflow {

template <class CONFIG, class res_T, class... data_T>
void layer_norm(hls::stream<res_T> &res, hls::stream<data_T> &... data) {
#pragma HLS INLINE
    row<CONFIG>(res, data...);
}

template <class CONFIG, class res_T, class... data_T> void layer_norm(res_T *res, data_T *... data) {
#pragma HLS INLINE
    row<CONFIG>(res, data...);
}

} // namespace hwflow

#endif
