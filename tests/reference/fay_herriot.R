# The Fay-Herriot model is a mixed-effects meta-regression with known sampling variances: R's metafor, REML.
# Run in this folder: Rscript fay_herriot.R  (reads fay_herriot.csv, writes fay_herriot_R.csv)
suppressPackageStartupMessages(library(metafor))
all <- read.csv("fay_herriot.csv", comment.char = "#")
d <- all[!is.na(all$direct), ]
fit <- rma(yi = direct, vi = variance, mods = ~ land + road, data = d, method = "REML",
           control = list(threshold = 1e-14, maxiter = 1000))
b <- blup(fit)
out <- data.frame(name = c("sigma2", "intercept", "land", "road", "var_intercept", "var_land", "cov_land_road",
                           paste0("blup_", d$area), paste0("se_", d$area)),
                  value = c(fit$tau2, as.numeric(fit$beta), vcov(fit)[1, 1], vcov(fit)[2, 2], vcov(fit)[2, 3],
                            b$pred, b$se))
out$value <- sprintf("%.12g", out$value)
file <- file("fay_herriot_R.csv", "w", encoding = "UTF-8")
writeLines(c("# Made by fay_herriot.R; do not edit.",
             paste0("# ", R.version.string, "; metafor ", packageVersion("metafor"), "; ", Sys.Date())), file)
write.csv(out, file, row.names = FALSE, quote = FALSE)
close(file)
