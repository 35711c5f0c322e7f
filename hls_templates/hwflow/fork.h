// One stream to several.
#ifndef HWFLOW_FORK_H_
#define HWFLOW_FORK_H_

#include "hls_stream.h"

namespace hwflow {

template <class CONFIG, class data_T, class... res_T> void fork(hls::stream<data_T> &data, hls::stream<res_T> &... res) {
Tokens:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS PIPELINE II = 1
        const data_T x = data.read();
        const int all[] = {(res.write(x), 0)...};
        (void)all;
    }
}

} // namespace hwflow

#endif
