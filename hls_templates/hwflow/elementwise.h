// Element by element over any number of streams that run in step (CONFIG::apply): residual sums, tables, requantisers.
//
// A beat is CONFIG::width elements of every stream and takes CONFIG::cycles cycles.
#ifndef HWFLOW_ELEMENTWISE_H_
#define HWFLOW_ELEMENTWISE_H_

#include "hls_stream.h"

namespace hwflow {

template <class CONFIG, class res_T, class... data_T>
void elementwise_beat(res_T &y, unsigned token, const data_T &... x) {
#pragma HLS INLINE
Channels:
    for (unsigned n = 0; n < CONFIG::width; n++) {
#pragma HLS UNROLL
        y[n] = CONFIG::apply(x[n]..., token, n);
    }
}

template <class CONFIG, class res_T, class... data_T>
void elementwise(hls::stream<res_T> &res, hls::stream<data_T> &... data) {
Tokens:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS PIPELINE II = CONFIG::cycles
        res_T y;
        elementwise_beat<CONFIG>(y, token, data.read()...);
        res.write(y);
    }
}

template <class CONFIG, class res_T, class... data_T> void elementwise(res_T *res, data_T *... data) {
#pragma HLS INLINE
Tokens:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS UNROLL
        for (unsigned n = 0; n < CONFIG::width; n++) {
#pragma HLS UNROLL
            res[token * CONFIG::width + n] = CONFIG::apply(data[token * CONFIG::width + n]..., token, n);
        }
    }
}

} // namespace hwflow

#endif
