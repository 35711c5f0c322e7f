// LayerNorm or RMSNorm over the channels of each token, with a reciprocal-square-root table; see row.h.
#ifndef HWFLOW_LAYER_NORM_H_
#define HWFLOW_LAYER_NORM_H_

#include "row.h"

namespace hwflow {

template <class data_T, class res_T, class CONFIG> void layer_norm(hls::stream<data_T> &data, hls::stream<res_T> &res) {
#pragma HLS INLINE
    row<data_T, res_T, CONFIG>(data, res);
}

template <class data_T, class res_T, class CONFIG> void layer_norm(data_T *data, res_T *res) {
#pragma HLS INLINE
    row<data_T, res_T, CONFIG>(data, res);
}

} // namespace hwflow

#endif
