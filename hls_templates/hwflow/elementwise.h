// Element by element over any number of streams that run in step (CONFIG::apply): residual sums, tables, requantisers.
//
// A beat is CONFIG::width elements of every stream and takes CONFIG::cycles cycles. Bit i of CONFIG::held: stream i
// brings one beat a frame, which is held from the first token on.
#ifndef HWFLOW_ELEMENTWISE_H_
#define HWFLOW_ELEMENTWISE_H_

#include "hls_stream.h"

namespace hwflow {

template <class data_T> int elementwise_take(hls::stream<data_T> &data, data_T &x, bool now) {
#pragma HLS INLINE
    if (now)
        x = data.read();
    return 0;
}

// The streams and the beats that they gave last.
template <class CONFIG, class res_T, class... data_T> struct Elementwise {
    static void frame(hls::stream<res_T> &res, hls::stream<data_T> &... data, data_T... x) {
#pragma HLS INLINE
    Tokens:
        for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS PIPELINE II = CONFIG::cycles
            unsigned port = 0;
            const int taken[] = {elementwise_take(data, x, token == 0 || !(CONFIG::held >> port++ & 1))...};
            (void)taken;
            res_T y;
        Channels:
            for (unsigned n = 0; n < CONFIG::width; n++) {
#pragma HLS UNROLL
                y[n] = CONFIG::apply(x[n]..., token, n);
            }
            res.write(y);
        }
    }
};

template <class CONFIG, class res_T, class... data_T>
void elementwise(hls::stream<res_T> &res, hls::stream<data_T> &... data) {
    Elementwise<CONFIG, res_T, data_T...>::frame(res, data..., data_T()...);
}

template <class CONFIG, class res_T, class... data_T> void elementwise(res_T *res, data_T *... data) {
#pragma HLS INLINE
Tokens:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS UNROLL
        for (unsigned n = 0; n < CONFIG::width; n++) {
#pragma HLS UNROLL
            res[token * CONFIG::width + n] = CONFIG::apply(data[n]..., token, n);
        }
        unsigned port = 0;
        const int moved[] = {(data += (CONFIG::held >> port++ & 1) ? 0 : CONFIG::width, 0)...};
        (void)moved;
    }
}

} // namespace hwflow

#endif
