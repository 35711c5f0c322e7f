// Softmax over the channels of each token, on tables; see row.h.
#ifndef HWFLOW_SOFTMAX_H_
#define HWFLOW_SOFTMAX_H_

#include "row.h"

namespace hwflow {

template <class CONFIG, class res_T, class... data_T>
void softmax(hls::stream<res_T> &res, hls::stream<data_T> &... data) {
#pragma HLS INLINE
    row<CONFIG>(res, data...);
}

template <class CONFIG, class res_T, class... data_T> void softmax(res_T *res, data_T *... data) {
#pragma HLS INLINE
    row<CONFIG>(res, data...);
}

} // namespace hwflow

#endif
