# Intervals of R's survey package for 18 groups of a real survey, rates of 0.25 to 21 %.
# Data: U.S. National Health and Nutrition Examination Survey 2009-2010 (CDC/NCHS, public domain), as the survey package
# carries it (nhanes): high cholesterol of persons under 60 of the three largest groups, by group, age and sex.
# Rscript nhanes_groups.R FOLDER writes the persons (nhanes_groups.csv, not kept here) and R's answers (nhanes_groups_R.csv) there.
folder <- commandArgs(trailingOnly = TRUE)[1]
suppressPackageStartupMessages(library(survey))
data(nhanes)
keep <- nhanes[!is.na(nhanes$HI_CHOL) & nhanes$race < 4 & as.integer(nhanes$agecat) < 4, ]
people <- data.frame(
  stratum = keep$SDMVSTRA, psu = keep$SDMVPSU, weight = round(keep$WTMEC2YR),
  area = paste0(keep$race, as.integer(keep$agecat), keep$RIAGENDR), high = keep$HI_CHOL
)
people <- people[order(people$stratum, people$psu, people$area, people$weight, people$high), ]
write.csv(people, file.path(folder, "nhanes_groups.csv"), row.names = FALSE, quote = FALSE)

design <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, nest = TRUE, data = people)
rows <- lapply(sort(unique(people$area)), function(one) {
  part <- subset(design, people$area == one)
  two <- svyciprop(~high, part, method = "beta", level = 0.95)
  sides <- svyciprop(~high, part, method = "beta", level = 0.90)
  p <- as.numeric(coef(two))
  se <- as.numeric(SE(svymean(~high, part)))
  data.frame(area = one, n = nrow(part), df = degf(part), estimate = p, se, n_eff = p * (1 - p) / se^2,
             low = confint(two)[1], high = confint(two)[2], lower = confint(sides)[1], upper = confint(sides)[2])
})
out <- file(file.path(folder, "nhanes_groups_R.csv"), "w")
writeLines(sprintf("# R %s, survey %s, %s", getRversion(), packageVersion("survey"), Sys.Date()), out)
write.csv(format(do.call(rbind, rows), digits = 10), out, row.names = FALSE, quote = FALSE)
close(out)
