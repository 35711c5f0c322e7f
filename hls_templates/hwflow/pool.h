// Sum or maximum over each group of CONFIG::tokens beats: CONFIG::groups groups in a frame, a beat out for each.
//
// CONFIG::term(x, token, n) is what joins, x itself or its product with a constant; CONFIG::combine(acc, term) joins
// one element; CONFIG::apply requantises the result.
#ifndef HWFLOW_POOL_H_
#define HWFLOW_POOL_H_

#include "hls_stream.h"

namespace hwflow {

template <class data_T, class res_T, class CONFIG> void pool(hls::stream<data_T> &data, hls::stream<res_T> &res) {
    typename CONFIG::acc_t acc[CONFIG::width];
#pragma HLS ARRAY_PARTITION variable = acc complete
Groups:
    for (unsigned group = 0; group < CONFIG::groups; group++) {
    Tokens:
        for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS PIPELINE II = CONFIG::cycles
            const data_T x = data.read();
            res_T y;
        Channels:
            for (unsigned n = 0; n < CONFIG::width; n++) {
                const auto term = CONFIG::term(x[n], token, n);
                acc[n] = token == 0 ? typename CONFIG::acc_t(term) : CONFIG::combine(acc[n], term);
                y[n] = CONFIG::apply(acc[n], group, n);
            }
            if (token == CONFIG::tokens - 1)
                res.write(y);
        }
    }
}

template <class data_T, class res_T, class CONFIG> void pool(data_T *data, res_T *res) {
#pragma HLS INLINE
Groups:
    for (unsigned group = 0; group < CONFIG::groups; group++) {
#pragma HLS UNROLL
    Channels:
        for (unsigned n = 0; n < CONFIG::width; n++) {
#pragma HLS UNROLL
            typename CONFIG::acc_t acc = 0;
            for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS UNROLL
                const unsigned at = (group * CONFIG::tokens + token) * CONFIG::width + n;
                const auto term = CONFIG::term(data[at], token, n);
                acc = token == 0 ? typename CONFIG::acc_t(term) : CONFIG::combine(acc, term);
            }
            res[group * CONFIG::width + n] = CONFIG::apply(acc, group, n);
        }
    }
}

} // namespace hwflow

#endif
