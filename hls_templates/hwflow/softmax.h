// Softmax over the channels of each token, on tables; see row.h.
#ifndef HWFLOW_SOFTMAX_H_
#define HWFLOW_SOFTMAX_H_

#include "row.h"

namespace hwflow {

template <class data_T, class res_T, class CONFIG> void softmax(hls::stream<data_T> &data, hls::stream<res_T> &res) {
#pragma HLS INLINE
    row<data_T, res_T, CONFIG>(data, res);
}

template <class data_T, class res_T, class CONFIG> void softmax(data_T *data, res_T *res) {
#pragma HLS INLINE
    row<data_T, res_T, CONFIG>(data, res);
}

} // namespace hwflow

#endif
