// Sum or maximum over the tokens of a frame: CONFIG::tokens beats in, one beat out.
//
// CONFIG::combine(acc, x) joins one element; CONFIG::apply requantises the result.
#ifndef HWFLOW_POOL_H_
#define HWFLOW_POOL_H_

#include "hls_stream.h"

namespace hwflow {

template <class data_T, class res_T, class CONFIG> void pool(hls::stream<data_T> &data, hls::stream<res_T> &res) {
    typename CONFIG::acc_t acc[CONFIG::width];
#pragma HLS ARRAY_PARTITION variable = acc complete
Tokens:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS PIPELINE II = CONFIG::cycles
        const data_T x = data.read();
        res_T y;
    Channels:
        for (unsigned n = 0; n < CONFIG::width; n++) {
            acc[n] = token == 0 ? typename CONFIG::acc_t(x[n]) : CONFIG::combine(acc[n], x[n]);
            y[n] = CONFIG::apply(acc[n], 0, n);
        }
        if (token == CONFIG::tokens - 1)
            res.write(y);
    }
}

template <class data_T, class res_T, class CONFIG> void pool(data_T *data, res_T *res) {
#pragma HLS INLINE
Channels:
    for (unsigned n = 0; n < CONFIG::width; n++) {
#pragma HLS UNROLL
        typename CONFIG::acc_t acc = data[n];
        for (unsigned token = 1; token < CONFIG::tokens; token++) {
#pragma HLS UNROLL
            acc = CONFIG::combine(acc, data[token * CONFIG::width + n]);
        }
        res[n] = CONFIG::apply(acc, 0, n);
    }
}

} // namespace hwflow

#endif
